/** Beyond it the oldest are forgotten, so strangers must not be able to make up keys. */
const mostKeys = 1000;

/**
 * Says whether something may be said again: once for each key in `seconds`, so that what strangers
 * cause fills no log.
 */
export function throttle(seconds: number): (key: string) => boolean {
  const last = new Map<string, number>();
  return (key) => {
    const now = Date.now();
    if (now - (last.get(key) ?? Number.NEGATIVE_INFINITY) < seconds * 1000) return false;
    last.delete(key);
    const [oldest] = last.keys();
    if (last.size >= mostKeys && oldest !== undefined) last.delete(oldest);
    last.set(key, now);
    return true;
  };
}
