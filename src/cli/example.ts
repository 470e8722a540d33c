/** For `addHelpText('after', …)`: every command shows how it is used. */
export function example(...commands: readonly string[]): string {
  const lines = commands.map((command) => `  openmeet-id ${command}`);
  return `\n${lines.length > 1 ? 'Examples' : 'Example'}:\n${lines.join('\n')}\n`;
}
