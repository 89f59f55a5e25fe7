import { byId } from './element.ts';

/** Whether the reader means it. */
export function askToCancel(name: string): Promise<boolean> {
  const dialog = byId('ask', HTMLDialogElement);
  byId('ask-name', HTMLElement).textContent = name;
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    const onClose = () => resolve(dialog.returnValue === 'cancel');
    dialog.addEventListener('close', onClose, { once: true });
  });
}
