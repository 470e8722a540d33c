import assert from 'node:assert/strict';
import { test } from 'vitest';
import { deviceName } from '../../src/http/device-name.ts';

test('a browser is named roughly, and never by words of its own', () => {
  const chrome = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';
  const cases = {
    'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0': 'Firefox, Linux',
    [`Mozilla/5.0 (Linux; Android 14) ${chrome}`]: 'Chrome, Android',
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome} Edg/126.0.0.0`]: 'Edge, Windows',
    [`Mozilla/5.0 (Macintosh; Intel Mac OS X 14) ${chrome} Element/1.11.70`]: 'Element, macOS',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1':
      'Safari, iPhone',
  };
  for (const [header, name] of Object.entries(cases)) assert.equal(deviceName(header), name);
  for (const header of ['', 'curl/8.0', '<script>alert(1)</script>'])
    assert.equal(deviceName(header), undefined);
});
