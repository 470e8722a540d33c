import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { ConcurrencyLimit } from '../../src/accounts/concurrency-limit.ts';
import { PasswordHasher } from '../../src/accounts/password-hasher.ts';

const settings = { memoryKiB: 64, iterations: 1, parallelism: 1, concurrency: 2 };

describe('a password hash', () => {
  test('is Argon2id with the configured parameters and a salt of its own', async () => {
    const hasher = new PasswordHasher(settings);
    const hashes = [await hasher.hash('vexed otter'), await hasher.hash('vexed otter')];
    for (const hash of hashes) assert.match(hash, /^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
    assert.notEqual(hashes[0], hashes[1]);
  });

  test('answers for its password only, however that is typed', async () => {
    const hasher = new PasswordHasher(settings);
    const hash = await hasher.hash('zu\u0308rich\u00A0see');
    assert.deepEqual(await hasher.verify(hash, 'zürich see'), { ok: true, outdated: false });
    assert.deepEqual(await hasher.verify(hash, 'zurich see'), { ok: false, outdated: false });
  });

  test('takes one hash per attempt, for unknown accounts too', async () => {
    const hasher = new PasswordHasher(settings);
    const hash = await hasher.hash('vexed otter');
    const attempts: [string | null | undefined, string][] = [
      [hash, 'vexed otter'],
      [hash, 'wrong'],
      [null, 'vexed otter'],
      [undefined, ''],
    ];
    for (const [known, password] of attempts) {
      const before = hasher.hashes;
      const { ok } = await hasher.verify(known, password);
      assert.equal(hasher.hashes - before, 1);
      assert.equal(ok, known === hash && password === 'vexed otter');
    }
  });

  test('is outdated once the configuration asks for more, not for less', async () => {
    const weak = await new PasswordHasher(settings).hash('vexed otter');
    const stronger = new PasswordHasher({ ...settings, iterations: 2 });
    assert.deepEqual(await stronger.verify(weak, 'vexed otter'), { ok: true, outdated: true });
    assert.deepEqual(await stronger.verify(weak, 'wrong'), { ok: false, outdated: false });
    const strong = await stronger.hash('vexed otter');
    const { outdated } = await new PasswordHasher(settings).verify(strong, 'vexed otter');
    assert.equal(outdated, false);
  });

  test('waits for its turn in a burst, and turns away who would wait too long', async () => {
    const hasher = new PasswordHasher(settings, { maxWaiting: 10 });
    const burst = await Promise.allSettled(
      Array.from({ length: 20 }, () => hasher.verify(null, 'vexed otter')),
    );
    const refused = burst.filter((result) => result.status === 'rejected');
    assert.equal(refused.length, 8);
    for (const { reason } of refused) {
      assert.deepEqual([reason.code, reason.status], ['busy', 503]);
    }
    assert.equal(hasher.hashes, 12);
    assert.equal(hasher.waiting, 0);
  });
});

describe('a concurrency limit', () => {
  test('lets in no more than it may, in the order of arrival, also after failures', async () => {
    const limit = new ConcurrencyLimit({ atOnce: 2, maxWaiting: 100 });
    const order: number[] = [];
    let most = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) =>
        limit.run(async () => {
          order.push(index);
          most = Math.max(most, limit.inside);
          await new Promise(setImmediate);
          if (index % 3 === 0) throw new Error('failed');
        }),
      ),
    );
    assert.equal(most, 2);
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
    assert.equal(results.filter(({ status }) => status === 'rejected').length, 10);
    assert.equal(limit.inside, 0);
  });
});
