// Before htmx starts, which it does when the page is read: no styles of its own and no eval (our policy forbids both).
Object.assign(window.htmx.config, { includeIndicatorStyles: false, allowEval: false, selfRequestsOnly: true });
