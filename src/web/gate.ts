import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { wrongArgument } from '../errors.ts';

/** Names by which a browser on this machine, or one at the other end of a tunnel, may call us. */
const LOOPBACK = /^(?:127\.0\.0\.1|localhost)(?::\d{1,5})?$/i;

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // Task names are other people's text: the browser itself refuses to take text for markup.
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/** 128 bits and more, in characters that need no quoting in a URL. */
const TOKEN = /^[\w-]{22,256}$/;

/** @throws RangeError for a token that could be guessed, or not be part of a link */
export function assertToken(token: string): void {
  if (TOKEN.test(token)) return;
  throw wrongArgument('range', "a token has 22 to 256 letters, digits, '-' and '_', and no others");
}

/** 256 bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Headers of every answer, refusals too. */
export const protect: MiddlewareHandler = async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) context.res.headers.set(name, value);
};

/**
 * Lets through what this page itself asks for. A name that is not ours was made to point at this
 * machine (DNS rebinding); another origin is a page from elsewhere.
 */
export const ownPageOnly: MiddlewareHandler = async (context, next) => {
  const host = context.req.header('host') ?? '';
  if (!LOOPBACK.test(host)) return context.text('This host is not served here.\n', 421);
  const origin = context.req.header('origin');
  const site = context.req.header('sec-fetch-site') ?? 'none';
  const isOwn = origin === undefined || origin === `http://${host}`;
  if (!isOwn || !['none', 'same-origin'].includes(site)) {
    return context.text('Other pages get nothing here.\n', 403);
  }
  await next();
};

/**
 * Lets through who knows the token. Every user of this machine can connect to a loopback port, so
 * reading needs it too.
 */
export function tokenOnly(token: string): MiddlewareHandler {
  const expected = digest(`Bearer ${token}`);
  return async (context, next) => {
    const given = digest(context.req.header('authorization') ?? '');
    if (!timingSafeEqual(given, expected)) {
      return context.text('The token of the printed link is missing or wrong.\n', 401);
    }
    await next();
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
