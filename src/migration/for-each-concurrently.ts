/** Does the same with everything there is, a few at a time. Ends at the first failure. */
export async function forEachConcurrently<T>(
  items: AsyncIterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let stopped = false;
  const go = async () => {
    for (;;) {
      const next = stopped ? undefined : await iterator.next();
      if (!next || next.done) return;
      await work(next.value).catch((error) => {
        stopped = true;
        throw error;
      });
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, go));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}
