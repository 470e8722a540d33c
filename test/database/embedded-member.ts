// A process that uses the embedded database until its standard input ends.
const { startEmbedded } = await import('../../src/database/embedded.ts');

const database = await startEmbedded({ dataDir: process.argv[2] ?? '' });
console.log(database.url);
process.stdin.on('end', () => database.stop()).resume();
