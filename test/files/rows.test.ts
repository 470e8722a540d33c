import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { CsvRows } from '../../src/files/csv.ts';
import { JsonRows } from '../../src/files/json.ts';
import { longestRow, type Row, type RowParser } from '../../src/files/row.ts';
import { readRows, rowsOf } from '../../src/files/rows.ts';

/** As a file arrives whose pieces end anywhere. */
function inPieces(parser: RowParser, text: string, size: number): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < text.length; at += size) {
    rows.push(...parser.push(text.slice(at, at + size)));
  }
  return [...rows, ...parser.end()];
}

/** Line and what of it matters, or the problem. */
function told(rows: Iterable<Row>): unknown[] {
  return [...rows].map((row) => [row.line, 'problem' in row ? row.problem : row.fields]);
}

describe('rows of CSV', () => {
  const text = 'a,b\r\n1,"x, ""y""\r\nz"\r\n\r\n=1+1,@cmd\n3,"",\n5,"end"';
  const expected = [
    [2, { a: '1', b: 'x, "y"\r\nz' }],
    [5, { a: '=1+1', b: '@cmd' }],
    [6, 'has 3 columns instead of 2'],
    [7, { a: '5', b: 'end' }],
  ];

  test('are the same wherever the pieces of the file end', () => {
    for (const size of [1, 2, 3, 7, 1000]) {
      assert.deepEqual(told(inPieces(new CsvRows(), text, size)), expected, `pieces of ${size}`);
    }
  });

  test('go on behind a line that is broken', () => {
    const rows = told(rowsOf('a,b\n1,x"y\n"2"z,3\n4,5\n', 'csv'));
    assert.deepEqual(rows, [
      [2, 'has a stray quotation mark'],
      [3, 'has a stray quotation mark'],
      [4, { a: '4', b: '5' }],
    ]);
  });

  test('end where a quotation mark is never closed, without holding the file', () => {
    const long = `a\n"${'x\n'.repeat(longestRow)}`;
    const [first, ...others] = told(rowsOf(long, 'csv'));
    assert.deepEqual(first, [2, `is longer than ${longestRow} characters`]);
    assert.ok(others.length > 0);
    assert.deepEqual(told(rowsOf('a\n"x\n', 'csv')), [[2, 'has a stray quotation mark']]);
  });

  test('keep a column with a hostile name a mere name', () => {
    const [row] = rowsOf('__proto__,constructor\npolluted,x\n', 'csv');
    assert.ok(row && 'fields' in row);
    assert.deepEqual(Object.entries(row.fields), [
      ['__proto__', 'polluted'],
      ['constructor', 'x'],
    ]);
    assert.equal(Object.getPrototypeOf(row.fields), Object.prototype);
  });
});

describe('rows of JSON', () => {
  const array = '[ {"a": "x]},\\"", "b": [1, {"c": 2}]},\n{"a": 2}\n, 3, {"a":}, {"d":4} ]\n';
  const expected = [
    [1, { a: 'x]},"', b: [1, { c: 2 }] }],
    [2, { a: 2 }],
    [3, 'is not a JSON object'],
    [4, 'is not JSON'],
    [5, { d: 4 }],
  ];

  test('are the elements of an array, wherever the pieces end', () => {
    for (const size of [1, 2, 3, 7, 1000]) {
      assert.deepEqual(told(inPieces(new JsonRows(), array, size)), expected, `pieces of ${size}`);
    }
  });

  test('are lines, wherever the pieces end', () => {
    const lines = '\n{"a":1}\r\n\n{broken\n[]\n{"a":2}';
    for (const size of [1, 2, 3, 7, 1000]) {
      assert.deepEqual(told(inPieces(new JsonRows(), lines, size)), [
        [2, { a: 1 }],
        [4, 'is not JSON'],
        [5, 'is not a JSON object'],
        [6, { a: 2 }],
      ]);
    }
  });

  test('that are huge are refused, and the others read', () => {
    const huge = JSON.stringify({ a: 'x'.repeat(longestRow) });
    const tooLong = `is longer than ${longestRow} characters`;
    const found = [[1, tooLong] as const, [2, { a: 1 }] as const];
    assert.deepEqual(told(inPieces(new JsonRows(), `${huge}\n{"a":1}\n`, 1000)), found);
    assert.deepEqual(told(inPieces(new JsonRows(), `[${huge},{"a":1}]`, 1000)), found);
  });

  test('tell of an array that never ends, and of what stands behind one', () => {
    assert.deepEqual(told(rowsOf('[{"a":1},{"a"', 'json')), [
      [1, { a: 1 }],
      [2, 'is not JSON: the array never ends'],
    ]);
    assert.deepEqual(told(rowsOf('[{"a":1}] {"a":2}', 'json')), [
      [1, { a: 1 }],
      [2, 'stands behind the end of the array'],
    ]);
  });
});

describe('rows of a file', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'openmeet-rows-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function read(name: string, content: string | Buffer): Promise<Row[]> {
    const path = join(directory, name);
    await writeFile(path, content);
    const rows = [];
    for await (const row of readRows(path)) rows.push(row);
    return rows;
  }

  test('are read by its name, with or without a byte order mark', async () => {
    const expected = [{ line: 2, fields: { a: 'ä€😀' } }];
    assert.deepEqual(await read('x.CSV', '\uFEFFa\nä€😀\n'), expected);
    assert.deepEqual(await read('x.jsonl', '\uFEFF\n{"a":"ä€😀"}'), expected);
  });

  test('survive any cut between the bytes of a character', async () => {
    const rows = await read('x.csv', `a\n${'😀'.repeat(15_000)}\n${'€'.repeat(30_000)}\n`);
    assert.deepEqual(
      rows.map((row) => 'fields' in row && String(row.fields.a).replace(/[😀€]/gu, '')),
      ['', ''],
    );
  });

  test('that are no UTF-8 say so by U+FFFD', async () => {
    const rows = await read('x.csv', Buffer.from('a\ncaf\xe9\n', 'latin1'));
    assert.deepEqual(rows, [{ line: 2, fields: { a: 'caf\uFFFD' } }]);
  });

  test('cannot be had of a file that cannot be read', async () => {
    await assert.rejects(readRows(join(directory, 'none.csv')).next(), { code: 'file_unreadable' });
  });
});
