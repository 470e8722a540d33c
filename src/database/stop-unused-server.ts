import { stopUnusedServer } from './embedded.ts';

// Run by the shell that watches over a process, after that process has died.
await stopUnusedServer(process.argv[2] as string);
