export { type PageOptions, servePage, type TasksPage } from './web/serve.ts';
