/* Tributary: keeps a visitor's first and last click in a cookie of your own and hands them to the checkout.
   Keeps nothing else, sends nothing. */
(() => {
  const NAME = 'trb_click';
  const options = document.currentScript?.dataset || {};

  // The first and the last click id of a text; whatever else it holds is none.
  const read = (text) => {
    const ids = text.split('-').filter((id) => /^clk_[0-9A-HJKMNP-TV-Z]{68}$/.test(id));
    return ids.length && [ids[0], ids.at(-1)];
  };

  // Of several values, the first that holds a click.
  const find = (pairs) => pairs
    .map((pair) => pair.startsWith(NAME + '=') && read(pair.slice(NAME.length + 1)))
    .find(Boolean) || [];

  let [first, last] = find(document.cookie.split('; '));
  const now = find(location.search.slice(1).split('&'));
  const click = () => first === last ? first || '' : first + '-' + last;
  if (now.length) {
    [first, last] = [first || now[0], now[1]];
    const age = 86400 * Math.min(options.days || 60, 365);
    const domain = options.domain ? '; Domain=' + options.domain : '';
    document.cookie = `${NAME}=${click()}; Path=/; Max-Age=${age}; Secure; SameSite=Lax` + domain;
  }

  // Links get a parameter, forms an input, other elements the value; once.
  const fill = () => last && document.querySelectorAll('[data-trb-click]').forEach((element) => {
    const name = element.dataset.trbClick;
    delete element.dataset.trbClick;
    if (element.tagName === 'A') {
      const [page, ...hash] = element.href.split('#');
      const added = (name || 'client_reference_id') + '=' + click();
      element.href = [page + (page.includes('?') ? '&' : '?') + added, ...hash].join('#');
      return;
    }
    if (element.tagName === 'FORM') {
      element = element.appendChild(document.createElement('input'));
      element.type = 'hidden';
      element.name = name || NAME;
    }
    element.value = click();
  });

  window.tributary = { click, fill };
  document.addEventListener('DOMContentLoaded', fill);
  fill();
})();
