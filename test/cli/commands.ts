import type { Command } from 'commander';
import { createProgram, nouns } from '../../src/cli/program.ts';

export type Verb = { path: string; command: Command };

/** Every command there is, as it is typed. */
export async function allVerbs(): Promise<Verb[]> {
  const verbs = [];
  for (const name of Object.keys(nouns)) {
    const program = await createProgram([name]);
    const noun = program.commands.find((command) => command.name() === name) as Command;
    if (noun.commands.length === 0) verbs.push({ path: name, command: noun });
    for (const command of noun.commands) verbs.push({ path: `${name} ${command.name()}`, command });
  }
  return verbs;
}
