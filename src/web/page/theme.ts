import { byId } from './element.ts';

const KEPT = 'holdfast-theme';

/** Dark or light by choice; by the system's without one. */
export function followTheme(): void {
  const select = byId('theme', HTMLSelectElement);
  const apply = (theme: string) => {
    document.documentElement.style.colorScheme = theme;
  };
  select.value = localStorage.getItem(KEPT) ?? '';
  apply(select.value);
  select.addEventListener('change', () => {
    localStorage.setItem(KEPT, select.value);
    apply(select.value);
  });
}
