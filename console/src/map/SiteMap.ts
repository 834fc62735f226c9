/**
 * The map itself, on Leaflet: a picture of the site or the site's own tiles, and marks on it. Knows nothing of React
 * and asks nobody for anything but what the gateway serves.
 */
import L from "leaflet";
import "leaflet/dist/leaflet.css";
import { API } from "../api/client";
import type { MapGround } from "../api/types";
import { SHAPE } from "../components/LevelBadge";
import type { Mark } from "./marks";

export interface MapHandlers {
  onPick: (key: string | null) => void;
  onBroken: () => void;
}

/** The plan is drawn so many units wide, whatever the picture's own size is. */
const PLAN_WIDTH = 1000;

export class SiteMap {
  readonly #map: L.Map;
  readonly #handlers: MapHandlers;
  readonly #marks = new Map<string, { marker: L.Marker; look: string }>();
  readonly #place: (mark: Mark) => L.LatLngExpression;
  #fitted = false;

  /** `ratio`: height of the plan by its width. */
  constructor(
    element: HTMLElement,
    ground: { kind: "plan"; ratio: number } | { kind: "tiles"; tiles: NonNullable<MapGround["tiles"]> },
    handlers: MapHandlers,
  ) {
    this.#handlers = handlers;
    if (ground.kind === "plan") {
      const height = PLAN_WIDTH * ground.ratio;
      const bounds = L.latLngBounds([0, 0], [height, PLAN_WIDTH]);
      this.#map = L.map(element, {
        crs: L.CRS.Simple,
        minZoom: -3,
        maxZoom: 4,
        zoomSnap: 0.25,
        attributionControl: false,
        maxBounds: bounds.pad(0.3),
      });
      L.imageOverlay(`${API}/map/plan`, bounds)
        .on("error", () => handlers.onBroken())
        .addTo(this.#map);
      // What a mark says stands on its right.
      this.#map.fitBounds(bounds, { paddingTopLeft: [8, 8], paddingBottomRight: [28, 8] });
      this.#fitted = true;
      this.#place = (mark) => [height * (1 - mark.y), PLAN_WIDTH * mark.x];
    } else {
      const { min_zoom, max_zoom } = ground.tiles;
      this.#map = L.map(element, {
        minZoom: min_zoom,
        maxZoom: max_zoom + 2,
        attributionControl: false,
      });
      const options = {
        minZoom: min_zoom,
        maxZoom: max_zoom + 2,
        minNativeZoom: min_zoom,
        maxNativeZoom: max_zoom,
      };
      L.tileLayer(`${API}/map/tiles/{z}/{x}/{y}`, options).addTo(this.#map);
      this.#map.setView([35, 104], min_zoom);
      this.#place = (mark) => [mark.y, mark.x];
    }
    this.#map.on("click", () => handlers.onPick(null));
  }

  /** Only what has changed is drawn again. */
  show(marks: readonly Mark[], picked: string | null, label: (mark: Mark) => string): void {
    const keys = new Set(marks.map((mark) => mark.key));
    for (const [key, { marker }] of this.#marks) {
      if (keys.has(key)) continue;
      marker.remove();
      this.#marks.delete(key);
    }
    for (const mark of marks) {
      const words = label(mark);
      const look = JSON.stringify([
        mark.look,
        mark.incidents[0]?.level,
        mark.incidents.length,
        mark.key === picked,
        words,
      ]);
      const kept = this.#marks.get(mark.key);
      if (kept?.look === look) continue;
      const icon = L.divIcon({
        className: "map-mark",
        html: body(mark, mark.key === picked),
        iconSize: [18, 18],
      });
      const marker = kept?.marker ?? this.#add(mark, icon);
      marker.setIcon(icon);
      marker.setZIndexOffset((5 - (mark.incidents[0]?.level ?? 5)) * 1000);
      marker.getElement()?.setAttribute("aria-label", words);
      marker.getElement()?.setAttribute("title", words);
      marker.getElement()?.setAttribute("data-mark", mark.key);
      this.#marks.set(mark.key, { marker, look });
    }
    if (!this.#fitted && marks.length > 0) {
      this.#fitted = true;
      const bounds = L.latLngBounds(marks.map((mark) => this.#place(mark) as L.LatLngTuple));
      this.#map.fitBounds(bounds.pad(0.2), { animate: false });
    }
  }

  destroy(): void {
    this.#map.remove();
  }

  #add(mark: Mark, icon: L.DivIcon): L.Marker {
    const marker = L.marker(this.#place(mark), { icon, keyboard: true, riseOnHover: true });
    marker.on("click", (event) => {
      L.DomEvent.stopPropagation(event);
      this.#handlers.onPick(mark.key);
    });
    return marker.addTo(this.#map);
  }
}

/** A camera as a dot with a shape for its state; its incidents as a number in the shape of the most urgent level. */
function body(mark: Mark, picked: boolean): HTMLElement {
  const root = document.createElement("span");
  root.className = `mark mark-${mark.look} ${picked ? "mark-picked" : ""} ${mark.camera ? "" : "mark-report"}`;
  const first = mark.incidents[0];
  if (mark.camera) {
    const dot = document.createElement("i");
    dot.textContent = mark.look === "bad" ? "×" : "";
    root.append(dot);
  }
  if (first) {
    const badge = document.createElement("b");
    badge.className = `mark-level level-${first.level}`;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 20 20");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", SHAPE[first.level] ?? SHAPE[4] ?? "");
    svg.append(path);
    const count = document.createElement("span");
    count.textContent = mark.incidents.length > 99 ? "99+" : String(mark.incidents.length);
    badge.append(svg, count);
    root.append(badge);
  }
  return root;
}
