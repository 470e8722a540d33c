/** More levels than anything that we take has; what walks through a value by recursion ends at thousands. */
const deepest = 64;

/** Whether JSON is nested deeper than anybody means it. */
export function isTooDeep(json: unknown): boolean {
  let level = [json];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest) return true;
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
  return false;
}
