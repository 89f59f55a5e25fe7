const KEPT = 'holdfast-token';

/**
 * The token of the link, which is taken out of the address bar; after a reload, that of the same tab.
 * A fragment is never sent, and neither is what a tab keeps.
 */
export function tokenOfLink(): string | undefined {
  const given = location.hash.slice(1);
  if (given !== '') {
    sessionStorage.setItem(KEPT, given);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(KEPT) ?? undefined;
}
