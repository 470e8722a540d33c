/** Who signs in, at every provider alike. */
export const peopleCount = 200;
export const personPassword = 'violet-kettle-47';
/** Argon2id as our service does it by default, with names as `@node-rs/argon2` has them. */
export const passwordHashParameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export function addressOfPerson(index: number): string {
  return `person${index}@mail.bench.test`;
}

/** Every person comes from a network of their own, as real ones do. */
export function networkOfPerson(index: number): string {
  return `10.${Math.floor(index / 65_536) % 256}.${Math.floor(index / 256) % 256}.${index % 256}`;
}
