import { Api } from './api.ts';
import { App } from './app.ts';
import { followTheme } from './theme.ts';
import { tokenOfLink } from './token.ts';

followTheme();

export const app = new App(new Api(tokenOfLink() ?? ''));
void app.run();
