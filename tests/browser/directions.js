// Texts in which a name that is written from the right moves what follows it to its left.
() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), wrong = [];
  const box = (node, start, end) => {
    const range = document.createRange();
    range.setStart(node, start);
    range.setEnd(node, end);
    return range.getClientRects()[0];
  };
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement.checkVisibility()) continue;
    for (const match of node.data.matchAll(/[\u0590-\u08ff]+/g)) {
      const end = match.index + match[0].length, name = box(node, match.index, end);
      const next = node.data.slice(end).match(/^[^\u0590-\u08ff]*?\s(\d+|[A-Za-z]+)/);
      if (!next || !name) continue;
      const word = box(node, end + next[0].length - next[1].length, end + next[0].length);
      if (word && Math.abs(word.top - name.top) < 3 && word.left < name.left) wrong.push(node.data.trim().slice(0, 120));
    }
  }
  return wrong;
}
