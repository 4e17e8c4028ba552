'use strict';
// Text goes into the page as text only, never as markup.
const make = (name, className, text) => {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};
const grouped = number => number.toLocaleString('en-US');

// Copy buttons. A page opened as a file may not have the clipboard.
const copy = async (button) => {
  const code = button.parentElement.querySelector('code');
  let done = false;
  try {
    await navigator.clipboard.writeText(code.textContent);
    done = true;
  } catch (error) {
    getSelection().selectAllChildren(code);
    done = document.execCommand('copy');
  }
  button.textContent = done ? 'Copied' : 'Selected';
  setTimeout(() => { button.textContent = 'Copy'; }, 1500);
};
for (const button of document.querySelectorAll('.do-copy')) {
  button.addEventListener('click', () => copy(button));
}

// Columns sort by a click: numbers from the largest, words from the first.
const valueOf = (cell) => {
  const value = cell.dataset.v;
  return value === undefined ? cell.textContent : Number(value);
};
const sortBy = (header) => {
  const row = header.parentElement;
  const column = [...row.children].indexOf(header);
  const body = row.closest('table').tBodies[0];
  const lines = [...body.rows].map(line => ({line, value: valueOf(line.cells[column])}));
  const isNumber = lines.length > 0 && typeof lines[0].value === 'number';
  const now = header.getAttribute('aria-sort');
  const order = now ? (now === 'ascending' ? 'descending' : 'ascending') : (isNumber ? 'descending' : 'ascending');
  const sign = order === 'ascending' ? 1 : -1;
  lines.sort((a, b) => sign * (isNumber ? a.value - b.value : a.value.localeCompare(b.value)));
  body.append(...lines.map(entry => entry.line));
  for (const other of row.children) other.removeAttribute('aria-sort');
  header.setAttribute('aria-sort', order);
};
for (const button of document.querySelectorAll('thead button')) {
  button.addEventListener('click', () => sortBy(button.parentElement));
}

// The tree. Children are made when their parent is opened, a page at a time.
const startTree = (root, data) => {
  const kPage = 100;
  const children = data.number.map(() => []);
  data.parent.forEach((parent, row) => { if (parent >= 0) children[parent].push(row); });
  const items = new Map();  // row -> its list item, once made
  let current = null;

  const describe = (row) => {
    const line = make('div', 'row');
    line.append(make('span', 'twist', ''));
    line.append(make('span', 'id', row === 0 ? 'the beginning' : 'timeline ' + grouped(data.number[row])));
    if (data.bug[row] >= 0) line.append(make('span', 'badge', 'bug ' + (data.bug[row] + 1)));
    if (data.died[row]) line.append(make('span', 'badge', 'died'));
    if (row > 0 && data.at[row] > 0) line.append(make('span', 'faint', 'from draw ' + grouped(data.at[row])));
    const found = data.found[row];
    if (found > 0) {
      const names = data.marks[row].map(mark => data.labels[mark]).join(' · ');
      const more = found - data.marks[row].length;
      line.append(make('span', 'marks', '+' + found + '  ' + names + (more > 0 ? ' · ' + grouped(more) + ' more' : '')));
    }
    if (data.branches[row] > 0) line.append(make('span', 'faint', grouped(data.branches[row]) + ' branched'));
    return line;
  };

  const setTwist = (item, open) => {
    item.setAttribute('aria-expanded', open);
    item.querySelector('.twist').textContent = open ? '▾' : '▸';
  };

  const makeItem = (row) => {
    const item = make('li');
    item.setAttribute('role', 'treeitem');
    item.tabIndex = -1;
    item.dataset.row = row;
    item.append(describe(row));
    items.set(row, item);
    if (children[row].length > 0 || data.hidden[row] > 0) setTwist(item, false);
    return item;
  };

  const addPage = (list, row) => {
    const from = list.childElementCount;
    const rows = children[row].slice(from, from + kPage);
    list.append(...rows.map(makeItem));
    const left = children[row].length - from - rows.length;
    const text = left > 0 ? grouped(left) + ' more'
        : data.hidden[row] > 0 ? grouped(data.hidden[row]) + ' more that this page leaves out' : '';
    if (!text) return;
    const rest = make('li');
    rest.setAttribute('role', 'treeitem');
    rest.tabIndex = -1;
    const line = make('div', 'row');
    line.append(make('span', 'twist', ''), make('span', 'faint', text));
    rest.append(line);
    if (left > 0) rest.dataset.more = row;
    list.append(rest);
  };
  const showMore = (rest) => {
    const list = rest.parentElement;
    const row = Number(rest.dataset.more);
    const before = list.childElementCount - 1;
    rest.remove();
    addPage(list, row);
    focus(list.children[before]);
  };

  const isOpen = item => item.getAttribute('aria-expanded') === 'true';
  const open = (item) => {
    if (item.getAttribute('aria-expanded') !== 'false') return;
    const row = Number(item.dataset.row);
    let list = item.querySelector(':scope > ul');
    if (!list) {
      list = make('ul');
      list.setAttribute('role', 'group');
      addPage(list, row);
      item.append(list);
    }
    list.hidden = false;
    setTwist(item, true);
  };
  const close = (item) => {
    if (!isOpen(item)) return;
    item.querySelector(':scope > ul').hidden = true;
    setTwist(item, false);
  };
  // An only child has nothing to choose from: go on to the next fork.
  const openToFork = (item) => {
    open(item);
    for (let step = 0; step < 50; ++step) {
      const row = Number(item.dataset.row);
      if (children[row].length !== 1 || data.hidden[row] > 0) return;
      item = items.get(children[row][0]);
      open(item);
    }
  };

  const focus = (item) => {
    if (current) {
      current.tabIndex = -1;
      current.removeAttribute('aria-selected');
    }
    current = item;
    item.tabIndex = 0;
    item.setAttribute('aria-selected', 'true');
    item.focus({preventScroll: true});
    item.firstElementChild.scrollIntoView({block: 'nearest', inline: 'nearest'});
  };
  const visible = () => [...root.querySelectorAll('[role=treeitem]')].filter(item => item.offsetParent !== null);
  const step = (by) => {
    const all = visible();
    const next = all[all.indexOf(current) + by];
    if (next) focus(next);
  };

  const activate = (item) => {
    if (item.dataset.more !== undefined) showMore(item);
    else if (isOpen(item)) close(item);
    else openToFork(item);
  };
  root.addEventListener('click', (event) => {
    const line = event.target.closest('.row');
    if (!line) return;
    focus(line.parentElement);
    activate(line.parentElement);
  });
  const right = () => {
    if (isOpen(current)) step(1);
    else activate(current);
  };
  const left = () => {
    const above = current.parentElement.closest('[role=treeitem]');
    if (isOpen(current)) close(current);
    else if (above) focus(above);
  };
  const keys = {
    ArrowDown: () => step(1), ArrowUp: () => step(-1), ArrowRight: right, ArrowLeft: left,
    Enter: () => activate(current), ' ': () => activate(current),
    Home: () => focus(visible()[0]), End: () => focus(visible().pop()),
  };
  root.addEventListener('keydown', (event) => {
    if (!current || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  // Opens the way to a timeline, however many pages of siblings are before it.
  const reveal = (row) => {
    if (row < 0) return;
    const way = [];
    for (let at = row; at >= 0; at = data.parent[at]) way.push(at);
    way.reverse();
    way.forEach((at, index) => {
      if (!items.has(at)) {
        const list = items.get(way[index - 1]).querySelector(':scope > ul');
        while (!items.has(at)) {
          list.lastElementChild.remove();
          addPage(list, way[index - 1]);
        }
      }
      if (at !== row) open(items.get(at));
    });
    focus(items.get(row));
    items.get(row).firstElementChild.scrollIntoView({block: 'center'});
  };

  root.append(makeItem(0));
  current = items.get(0);
  current.tabIndex = 0;
  openToFork(current);
  for (const button of document.querySelectorAll('.show-bug')) {
    button.addEventListener('click', () => reveal(data.first[Number(button.dataset.bug)]));
  }
};
const treeData = document.getElementById('tree-data');
if (treeData) startTree(document.getElementById('tree'), JSON.parse(treeData.textContent));
