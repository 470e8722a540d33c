import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { readImportFile } from '../../src/handles/import-file.ts';

const id = '5b1f8f3e-3d0b-4c7e-9a51-0f3c8f6c2d11';

describe('an import file', () => {
  test('as CSV names its columns in any order', () => {
    const rows = readImportFile(`note,Account_Id,handle\n,${id},john\nx,,"a""b,c"\n`, 'csv');
    assert.deepEqual(rows, [
      { line: 2, handle: 'john', accountId: id },
      { line: 3, handle: 'a"b,c', accountId: undefined },
    ]);
  });

  test('as CSV may come from any system and hold blank lines and line breaks in cells', () => {
    const text = '\uFEFFhandle,note\r\njohn,"two\r\nlines"\r\n\r\njane,';
    assert.deepEqual(
      readImportFile(text, 'csv').map(({ line, handle }) => [line, handle]),
      [
        [2, 'john'],
        [5, 'jane'],
      ],
    );
  });

  test('as JSON is an array', () => {
    const text = JSON.stringify([{ handle: 'john' }, { handle: 'jane', account_id: id, age: 3 }]);
    assert.deepEqual(readImportFile(text, 'json'), [
      { line: 1, handle: 'john', accountId: undefined },
      { line: 2, handle: 'jane', accountId: id },
    ]);
  });

  test('as JSON lines has one object a line', () => {
    const rows = readImportFile(
      '{"handle":"john"}\n\n{"handle":"jane","account_id":null}\n',
      'json',
    );
    assert.deepEqual(rows, [
      { line: 1, handle: 'john', accountId: undefined },
      { line: 3, handle: 'jane', accountId: undefined },
    ]);
  });

  test('may be empty', () => {
    assert.deepEqual(readImportFile('handle\n', 'csv'), []);
    assert.deepEqual(readImportFile('[]', 'json'), []);
    assert.deepEqual(readImportFile('', 'json'), []);
  });

  const unreadable: [text: string, format: 'csv' | 'json', words: RegExp][] = [
    ['', 'csv', /no column "handle"/],
    ['name\njohn', 'csv', /no column "handle"/],
    ['handle,id\njohn', 'csv', /line 2 has 1 columns instead of 2/],
    ['handle\n"john', 'csv', /line 2 has a stray quotation mark/],
    ['handle\njo"hn', 'csv', /line 2 has a stray quotation mark/],
    ['{"handle":"a"}\n{', 'json', /line 2 is not JSON/],
    ['[{"handle":"a"}', 'json', /line 1 is not JSON: the array never ends/],
    ['[1]', 'json', /line 1 is not a JSON object/],
    ['[null]', 'json', /line 1 is not a JSON object/],
    ['{"handle":7}', 'json', /line 1 has no handle/],
  ];
  for (const [text, format, words] of unreadable) {
    test(`says what is wrong with ${JSON.stringify(text)}`, () => {
      assert.throws(() => readImportFile(text, format), words);
    });
  }
});
