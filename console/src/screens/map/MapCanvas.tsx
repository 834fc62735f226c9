/** Ties a `SiteMap` to its element for as long as one ground is shown. */
import { useEffect, useRef, useState } from "react";
import { API } from "../../api/client";
import type { MapGround } from "../../api/types";
import { Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import type { Mark } from "../../map/marks";
import { SiteMap } from "../../map/SiteMap";

interface Props {
  kind: "plan" | "tiles";
  ground: MapGround;
  marks: readonly Mark[];
  picked: string | null;
  label: (mark: Mark) => string;
  onPick: (key: string | null) => void;
}

/** A drawing without a size of its own is shown as wide as a screen. */
const USUAL_RATIO = 0.6;

export function MapCanvas({ kind, ground, marks, picked, label, onPick }: Props) {
  const { t } = useSpeech();
  const box = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<SiteMap | null>(null);
  const [broken, setBroken] = useState(false);
  const pick = useRef(onPick);
  pick.current = onPick;
  const { tiles } = ground;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let made: SiteMap | null = null;
    let gone = false;
    const handlers = { onPick: (key: string | null) => pick.current(key), onBroken: () => setBroken(true) };
    const make = (shape: ConstructorParameters<typeof SiteMap>[1]) => {
      if (gone) return;
      made = new SiteMap(element, shape, handlers);
      setMap(made);
    };
    if (kind === "tiles" && tiles) make({ kind: "tiles", tiles });
    if (kind === "plan") {
      const image = new Image();
      image.onload = () => {
        const ratio = image.naturalWidth > 0 ? image.naturalHeight / image.naturalWidth : USUAL_RATIO;
        make({ kind: "plan", ratio });
      };
      image.onerror = () => setBroken(true);
      image.src = `${API}/map/plan`;
    }
    return () => {
      gone = true;
      made?.destroy();
      setMap(null);
    };
  }, [kind, tiles]);

  useEffect(() => map?.show(marks, picked, label));

  if (broken) return <Trouble title={t.map.failed} />;
  return <div ref={box} className="map-canvas card" data-ground={kind} />;
}
