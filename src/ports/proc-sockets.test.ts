import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import { describe, test } from 'node:test';
import { parseTable } from './proc-sockets.ts';

const HEADER =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n';

function row(local: string, state: string): string {
  return `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0000 100\n`;
}

describe('a socket table of the kernel', {
  skip: endianness() !== 'LE' && 'the rows below are those of a little-endian machine',
}, () => {
  const wanted = new Set([8080]);

  test('yields the address, user and inode of what listens on a wanted port', () => {
    const text = `${HEADER}${row('0100007F:1F90', '0A')}${row('00000000:1F91', '0A')}`;
    assert.deepEqual(parseTable(text, 'tcp', 'ipv4', wanted), [
      {
        socket: { protocol: 'tcp', family: 'ipv4', address: '127.0.0.1', port: 8080 },
        uid: 1000,
        inode: '4242',
      },
    ]);
  });

  test('leaves out TCP connections, and keeps every UDP socket', () => {
    const text = `${HEADER}${row('0100007F:1F90', '01')}${row('0100007F:1F90', '07')}`;
    assert.equal(parseTable(text, 'tcp', 'ipv4', wanted).length, 0);
    assert.equal(parseTable(text, 'udp', 'ipv4', wanted).length, 2);
  });

  test('reads IPv6 addresses, and IPv4 ones that are written as such', () => {
    const addresses = [
      '00000000000000000000000000000000',
      '00000000000000000000000001000000',
      '000080FE00000000FF005450B6AD1DFE',
      '0000000000000000FFFF00000100007F',
    ];
    const text = HEADER + addresses.map((address) => row(`${address}:1F90`, '0A')).join('');
    const sockets = parseTable(text, 'tcp', 'ipv6', wanted).map(({ socket }) => socket);
    assert.deepEqual(
      sockets.map(({ family, address }) => `${family} ${address}`),
      ['ipv6 ::', 'ipv6 ::1', 'ipv6 fe80::5054:ff:fe1d:adb6', 'ipv4 127.0.0.1'],
    );
  });

  test('yields nothing of an empty or foreign text', () => {
    assert.deepEqual(parseTable('', 'tcp', 'ipv4', wanted), []);
    assert.deepEqual(parseTable('x\ny z\n::\n', 'tcp', 'ipv6', wanted), []);
  });
});
