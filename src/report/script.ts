/**
 * The page's only script: which round the maps show, and what lies under the pointer or the cursor keys. Everything it
 * adds is also in the page without it. Plain ES2017, no library.
 *
 * It reads, for every map, a JSON element { names, points, labels, indices, sheet, shots } (see map-section.ts).
 */
export const SCRIPT = `(function () {
  'use strict';
  document.documentElement.classList.add('scripted');

  function bytesOf(base64) {
    var text = atob(base64), bytes = new Uint8Array(text.length);
    for (var i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }
  // 16-bit numbers, low byte first
  function numbersOf(base64) {
    var bytes = bytesOf(base64), numbers = new Uint16Array(bytes.length / 2);
    for (var i = 0; i < numbers.length; i++) numbers[i] = bytes[2 * i] | (bytes[2 * i + 1] << 8);
    return numbers;
  }

  var tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  document.body.appendChild(tip);
  document.addEventListener('scroll', hide, { passive: true, capture: true });
  function hide() { tip.hidden = true; }

  document.querySelectorAll('[data-maps]').forEach(function (section) {
    var data = JSON.parse(document.getElementById(section.getAttribute('data-maps')).textContent);
    var points = numbersOf(data.points), labels = numbersOf(data.labels), indices = data.indices;
    var panels = Array.prototype.map.call(section.querySelectorAll('.map'), function (element) {
      return panelOf(element, data, points, labels, indices);
    });
    var slider = section.querySelector('input[type=range]');
    var output = section.querySelector('output');
    if (!slider) return;
    slider.addEventListener('input', function () {
      var round = Number(slider.value);
      output.textContent = round === 0 ? 'all rounds' : 'round ' + round;
      slider.setAttribute('aria-valuetext', output.textContent);
      panels.forEach(function (panel) { panel.show(round); });
    });
  });

  function panelOf(element, data, points, labels, indices) {
    var svg = element.querySelector('svg');
    // picks of round r begin at rounds[r].at in the list of all picks, in the order in which they were asked
    var picks = numbersOf(element.getAttribute('data-picks'));
    var counts = element.getAttribute('data-counts').split(',').map(Number);
    var roundOf = [];
    counts.forEach(function (count, round) { for (var i = 0; i < count; i++) roundOf.push(round); });
    var cursor = document.createElementNS(svg.namespaceURI, 'circle');
    cursor.setAttribute('class', 'cursor off');
    cursor.setAttribute('r', '20');
    svg.appendChild(cursor);
    var at = -1, only = 0;
    var status = element.parentNode.querySelector('[aria-live]');

    function describe(point) {
      var place = picks.indexOf(point);
      var name = data.names[labels[point]];
      var text = 'Sample ' + (indices ? indices[point] : point) + ', class ' + (name === undefined ? labels[point] : name);
      if (place < 0) return text + ', not asked for here';
      return text + (roundOf[place] === 0 ? ', one of the labels to begin with' : ', asked for in round ' + roundOf[place]);
    }
    function mark(point) {
      cursor.setAttribute('cx', points[2 * point]);
      cursor.setAttribute('cy', points[2 * point + 1]);
      cursor.setAttribute('class', 'cursor');
    }
    function popUp(point, x, y) {
      tip.textContent = '';
      var shot = data.shots[indices ? indices[point] : point];
      if (shot !== undefined) {
        var image = document.createElement('span');
        image.className = 'shot ' + data.sheet;
        image.style.backgroundPosition = shot;
        tip.appendChild(image);
      }
      var words = document.createElement('span');
      words.textContent = describe(point);
      tip.appendChild(words);
      tip.hidden = false;
      var box = tip.getBoundingClientRect();
      tip.style.left = Math.max(4, Math.min(x + 14, document.documentElement.clientWidth - box.width - 4)) + 'px';
      tip.style.top = Math.max(4, y + 18 + box.height > window.innerHeight ? y - box.height - 10 : y + 18) + 'px';
    }
    function nearest(event) {
      var box = svg.getBoundingClientRect();
      var x = (event.clientX - box.left) / box.width * 1000, y = (event.clientY - box.top) / box.height * 1000;
      var best = -1, least = Math.pow(12 / box.width * 1000, 2);
      for (var i = 0; i < points.length / 2; i++) {
        var dx = points[2 * i] - x, dy = points[2 * i + 1] - y, distance = dx * dx + dy * dy;
        if (distance < least) { least = distance; best = i; }
      }
      return best;
    }
    svg.addEventListener('pointermove', function (event) {
      var point = nearest(event);
      if (point < 0) { hide(); cursor.setAttribute('class', 'cursor off'); return; }
      mark(point);
      popUp(point, event.clientX, event.clientY);
    });
    svg.addEventListener('pointerleave', function () { hide(); cursor.setAttribute('class', 'cursor off'); });
    element.addEventListener('keydown', function (event) {
      var step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === 'Escape') { at = -1; hide(); cursor.setAttribute('class', 'cursor off'); }
      if (!step || picks.length === 0) return;
      event.preventDefault();
      do { at = (at + step + picks.length) % picks.length; } while (only > 0 && roundOf[at] !== only && counts[only] > 0);
      mark(picks[at]);
      var box = svg.getBoundingClientRect();
      popUp(picks[at], box.left + points[2 * picks[at]] / 1000 * box.width, box.top + points[2 * picks[at] + 1] / 1000 * box.height);
      status.textContent = describe(picks[at]);
    });
    element.addEventListener('blur', function () { hide(); cursor.setAttribute('class', 'cursor off'); });
    return {
      show: function (round) {
        only = round;
        at = -1;
        element.querySelectorAll('[data-round]').forEach(function (path) {
          path.classList.toggle('off', round > 0 && Number(path.getAttribute('data-round')) !== round);
        });
      }
    };
  }
})();`;
