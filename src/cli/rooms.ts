import type { Command } from 'commander';
import { registerLinks } from './room-links.ts';
import { registerUpkeep } from './room-upkeep.ts';

export function register(noun: Command): void {
  registerUpkeep(noun);
  registerLinks(noun);
}
