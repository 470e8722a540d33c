/** To the second, in UTC. */
export function instant(value: Date): string {
  return `${value.toISOString().slice(0, 19)}Z`;
}
