import { text } from 'node:stream/consumers';
import { registerAdmin } from './admin.ts';

/**
 * For operators: makes the admin user of this service on a Synapse and prints its access token.
 * The homeserver's registration_shared_secret comes by standard input, so that no list of processes
 * shows it.
 */
const [url] = process.argv.slice(2);
if (!url || process.stdin.isTTY) {
  console.error('Usage: node synapse/admin-token.ts <URL of Synapse> < file-with-shared-secret');
  process.exit(2);
}
try {
  console.log(await registerAdmin(url, (await text(process.stdin)).trim()));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
