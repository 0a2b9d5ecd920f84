// A network that can be moved: cytoscape is fetched only when somebody asks for it. The places are those of the drawing.
const KINDS = {
  organization: "#0b7a5a", event: "#a4571a", agreement: "#7a3fa0", region: "#5b6b00", country: "#5b6b00",
  program: "#a02c4a", post: "#4a5a70", change: "#4a5a70", person: "#0b5a8a",
};

function load(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = () => reject(new Error(address));
    document.head.append(script);
  });
}

async function move(figure) {
  const data = JSON.parse(figure.querySelector("script").textContent);
  const canvas = figure.querySelector(".canvas");
  await load("/static/vendor/cytoscape.min.js");
  figure.querySelector("svg").setAttribute("hidden", "");
  figure.querySelector("svg").style.display = "none";
  canvas.hidden = false;
  const view = window.cytoscape({
    container: canvas,
    elements: [
      ...data.nodes.map(({ x, y, ...node }) => ({ data: node, position: { x, y } })),
      ...data.edges.map((edge, i) => ({ data: { id: `edge-${i}`, ...edge } })),
    ],
    layout: { name: "preset", padding: 30 },
    style: [
      { selector: "node", style: { label: "data(label)", "font-size": 12, width: 16, height: 16, "text-wrap": "wrap", "text-max-width": 130, "background-color": (n) => KINDS[n.data("kind")] || "#0b5a8a" } },
      { selector: "node[?centre]", style: { width: 28, height: 28, "font-size": 15, "font-weight": "bold" } },
      { selector: "edge", style: { width: 1.5, "line-color": "#c9d0d9", "curve-style": "bezier" } },
      { selector: "edge:selected", style: { label: "data(text)", "font-size": 11, "text-wrap": "wrap", "text-max-width": 160, "line-color": "#8a4b00" } },
    ],
  });
  view.on("dbltap", "node", (event) => { window.location.href = `/network/${event.target.id()}${window.location.search}`; });
  figure.network = view;
  figure.querySelector(".tools").hidden = true;
}

for (const figure of document.querySelectorAll("[data-network]")) {
  const tools = figure.querySelector(".tools");
  tools.hidden = false;
  tools.querySelector("button").addEventListener("click", () => move(figure), { once: true });
}
