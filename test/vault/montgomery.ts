// X25519 as RFC 7748, 5 writes it down: slow, and as unlike OpenSSL's as it can be.

const P = 2n ** 255n - 19n;
const A24 = 121665n;

/** The product of a scalar and a u-coordinate, 32 bytes each. */
export function x25519(scalar: Uint8Array, u: Uint8Array): Buffer {
  const k = clamped(scalar);
  const x1 = littleEndian(u) % 2n ** 255n;
  let [x2, z2, x3, z3] = [1n, 0n, x1, 1n];
  let swap = 0n;
  for (let t = 254n; t >= 0n; t -= 1n) {
    const bit = (k >> t) & 1n;
    if (swap !== bit) [x2, x3, z2, z3] = [x3, x2, z3, z2];
    swap = bit;
    const [a, b] = [mod(x2 + z2), mod(x2 - z2)];
    const [aa, bb] = [mod(a * a), mod(b * b)];
    const e = mod(aa - bb);
    const [da, cb] = [mod((x3 - z3) * a), mod((x3 + z3) * b)];
    [x3, z3] = [mod((da + cb) ** 2n), mod(x1 * mod((da - cb) ** 2n))];
    [x2, z2] = [mod(aa * bb), mod(e * (aa + A24 * e))];
  }
  if (swap === 1n) [x2, z2] = [x3, z3];
  return bytesOf(mod(x2 * power(z2, P - 2n)));
}

function clamped(scalar: Uint8Array): bigint {
  const bytes = Buffer.from(scalar);
  bytes[0] = (bytes[0] ?? 0) & 248;
  bytes[31] = ((bytes[31] ?? 0) & 127) | 64;
  return littleEndian(bytes);
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

/** 32 bytes, little-endian. */
export function bytesOf(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, mod(base)];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}
