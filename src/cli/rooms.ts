import type { Command } from 'commander';
import { registerUpkeep } from './rooms/commands.ts';
import { registerLinks } from './rooms/links.ts';

export function register(noun: Command): void {
  registerUpkeep(noun);
  registerLinks(noun);
}
