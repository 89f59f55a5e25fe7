import { DRAWING_SCRIPT, WIDTH_PX } from './timeline-drawing.ts';

/** What `packLanes` has packed, unpacked again. */
const UNPACK = `
function unpackLanes(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  let at = 0;
  const take = () => {
    let number = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      number += (byte % 128) * factor;
      if (byte < 128) return number;
    }
  };
  const lanes = [];
  while (at < bytes.length) {
    const lane = { begins: [], ends: [], kinds: [], outcomes: [] };
    let begin = 0;
    for (let left = take(); left > 0; left -= 1) {
      begin += take();
      lane.begins.push(begin);
      lane.ends.push(begin + take());
      const what = take();
      lane.kinds.push(Math.floor(what / 3));
      lane.outcomes.push(what % 3);
    }
    lanes.push(lane);
  }
  return lanes;
}`;

/** A timeline that can be zoomed by dragging, with buttons and with keys. */
const TIMELINE = `
function liven(figure) {
  const picture = JSON.parse(figure.dataset.picture);
  const plot = figure.querySelector('.plot');
  const shapes = plot.querySelector('.shapes');
  const words = plot.querySelector('.words');
  const hidden = new Set();
  let lanes;
  let view = { from: 0, to: picture.span };
  const bar = document.createElement('div');
  bar.className = 'tools';
  const said = document.createElement('output');
  const widthPx = () => plot.clientWidth || ${WIDTH_PX};
  const real = (time) => picture.breaks.reduce((sum, [at, cut]) => sum + (at < time ? cut : 0), time);
  const timeText = (us) => (us >= 1e6 ? (us / 1e6).toFixed(3) + ' s' : us >= 1e3 ? (us / 1e3).toFixed(2) + ' ms' : us.toFixed(0) + ' µs');
  let hint = 'Drag over a stretch to zoom in.';
  const draw = () => {
    lanes ??= unpackLanes(figure.dataset.lanes);
    const drawn = drawTimeline(picture, lanes, { ...view, widthPx: widthPx(), hidden: [...hidden] });
    shapes.innerHTML = drawn.shapes;
    words.innerHTML = drawn.words;
    if (hint) return;
    const range = timeText(real(view.from)) + ' – ' + timeText(real(view.to));
    said.textContent = range + ', ' + drawn.visible.toLocaleString('en') + ' operations';
  };
  const show = (from, to) => {
    const width = Math.min(picture.span, Math.max(5, to - from));
    const left = Math.max(0, Math.min(picture.span - width, from));
    view = { from: left, to: left + width };
    hint = '';
    draw();
  };
  const zoom = (factor, around = 0.5) => {
    const width = (view.to - view.from) * factor;
    const centre = view.from + (view.to - view.from) * around;
    show(centre - width * around, centre + width * (1 - around));
  };
  const move = (part) => {
    const by = (view.to - view.from) * part;
    show(view.from + by, view.to + by);
  };
  const button = (sign, label, does) => {
    const made = document.createElement('button');
    made.type = 'button';
    made.textContent = sign;
    made.setAttribute('aria-label', label);
    made.title = label;
    made.addEventListener('click', does);
    bar.append(made);
    return made;
  };
  button('+', 'Zoom in', () => zoom(0.4));
  button('−', 'Zoom out', () => zoom(2.5));
  button('‹', 'Earlier', () => move(-0.5));
  button('›', 'Later', () => move(0.5));
  button('All', 'Show all', () => show(0, picture.span));
  const flags = picture.bands.filter((band) => band[3] === 'flag');
  let flag = 0;
  if (flags.length > 0) {
    button('Violation', flags.length > 1 ? 'Show the next violation' : 'Show the violation', () => {
      const [from, to] = flags[flag % flags.length];
      const margin = Math.max(20, (to - from) * 0.6);
      show(from - margin, to + margin);
      flag += 1;
    });
  }
  if (picture.kinds.length > 1 && picture.kinds.length <= 12) {
    picture.kinds.forEach((name, kind) => {
      const toggle = button(name, 'Show or hide ' + name, () => {
        const isHidden = !hidden.delete(kind) && Boolean(hidden.add(kind));
        toggle.setAttribute('aria-pressed', String(!isHidden));
        draw();
      });
      toggle.className = kind === 0 ? 'kind first' : 'kind';
      toggle.setAttribute('aria-pressed', 'true');
    });
  }
  said.textContent = hint;
  bar.append(said);
  figure.prepend(bar);
  plot.tabIndex = 0;
  plot.addEventListener('keydown', (event) => {
    const does = {
      '+': () => zoom(0.4), '=': () => zoom(0.4), '-': () => zoom(2.5), 0: () => show(0, picture.span),
      ArrowLeft: () => move(-0.25), ArrowRight: () => move(0.25), Escape: () => show(0, picture.span),
    }[event.key];
    if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    does();
  });
  const partOf = (event) => {
    const box = plot.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
  };
  const brush = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  brush.setAttribute('class', 'brush');
  brush.setAttribute('y', '18');
  brush.setAttribute('height', plot.getAttribute('height') - 18);
  let start;
  plot.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.pointerType === 'touch') return;
    start = partOf(event);
    plot.setPointerCapture(event.pointerId);
    event.preventDefault();
    plot.focus({ preventScroll: true });
  });
  plot.addEventListener('pointermove', (event) => {
    const part = partOf(event);
    if (start === undefined) return tell(part, event);
    brush.setAttribute('x', Math.min(start, part) * 100 + '%');
    brush.setAttribute('width', Math.abs(part - start) * 100 + '%');
    plot.append(brush);
  });
  plot.addEventListener('pointerup', (event) => {
    if (start === undefined) return;
    const [low, high] = [start, partOf(event)].sort((a, b) => a - b);
    start = undefined;
    brush.remove();
    const span = view.to - view.from;
    if ((high - low) * widthPx() > 4) show(view.from + low * span, view.from + high * span);
  });
  plot.addEventListener('pointercancel', () => { start = undefined; brush.remove(); });
  plot.addEventListener('dblclick', (event) => zoom(0.25, partOf(event)));
  plot.addEventListener('wheel', (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.4 : 0.7, partOf(event));
  }, { passive: false });
  const tell = (part, event) => {
    lanes ??= unpackLanes(figure.dataset.lanes);
    const y = event.clientY - plot.getBoundingClientRect().top;
    const lane = Math.floor((y - lanesTop(picture)) / picture.laneHeight);
    const time = view.from + part * (view.to - view.from);
    const slack = ((view.to - view.from) / widthPx()) * 2;
    const band = picture.bands.find(([from, to]) => from - slack <= time && time <= to + slack);
    const { begins, ends, kinds, outcomes } = lanes[lane] ?? { begins: [] };
    let at = begins.length - 1;
    for (let low = 0; low <= at; ) {
      const middle = (low + at) >> 1;
      if (begins[middle] <= time + slack) low = middle + 1;
      else at = middle - 1;
    }
    if (at >= 0 && ends[at] + slack >= time && !hidden.has(kinds[at])) {
      const outcome = ['ok', 'fail', 'nobody knows'][outcomes[at]];
      said.textContent = 'client ' + picture.clients[lane] + ' ' + picture.kinds[kinds[at]] + ' ' + outcome + ', at ' + timeText(real(begins[at])) + (outcomes[at] === 2 ? '' : ', took ' + timeText(ends[at] - begins[at]));
    } else if (band) said.textContent = band[2] + ', at ' + timeText(real(band[0]));
  };
  // As wide as it was drawn for; in a run that is folded it has no width.
  let drawnPx = ${WIDTH_PX};
  new ResizeObserver(() => {
    if (plot.clientWidth === 0 || Math.abs(plot.clientWidth - drawnPx) < 80) return;
    drawnPx = plot.clientWidth;
    draw();
  }).observe(plot);
}
document.querySelectorAll('figure.timeline').forEach(liven);`;

/** Copying commands, opening what an address points at, and all of it for paper. */
const PAGE = `
document.querySelectorAll('.command').forEach((place) => {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', 'Copy: ' + place.firstChild.textContent);
  const code = place.querySelector('code');
  button.addEventListener('click', async () => {
    getSelection().selectAllChildren(code);
    const isCopied = await navigator.clipboard?.writeText(code.textContent).then(() => true, () => false);
    button.textContent = isCopied || document.execCommand('copy') ? 'Copied' : 'Selected';
  });
  place.append(button);
});
const reveal = () => {
  const place = location.hash && document.getElementById(location.hash.slice(1));
  if (place) { place.open = true; place.scrollIntoView(); }
};
addEventListener('hashchange', reveal);
reveal();
let opened = [];
addEventListener('beforeprint', () => {
  opened = [...document.querySelectorAll('details.run:not([open])')];
  for (const place of opened) place.open = true;
});
addEventListener('afterprint', () => { for (const place of opened) place.open = false; });`;

/** The script of the page. Without it everything is there but zooming and copying. */
export const PAGE_SCRIPT = `'use strict';\n${DRAWING_SCRIPT}\n${UNPACK}\n${TIMELINE}\n${PAGE}\n`;
