/** In the header: a hand-over that waits for this operator's signature. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { centreQuery } from "../../api/centre";
import { need } from "../../api/client";
import { screensOf, useViewer } from "../../api/session";
import type { Handover } from "../../api/types";
import { watch } from "../../api/watch";
import { useSpeech } from "../../i18n/context";

const REFRESH_MS = 15_000;

/** Which of them this viewer could sign. */
export const waitsFor = (handover: Handover, viewer: number): boolean =>
  handover.state === "open" &&
  handover.leaver.id !== viewer &&
  (handover.meant_for === undefined || handover.meant_for.id === viewer);

export function useHandovers() {
  const viewer = useViewer();
  return useQuery({
    queryKey: ["handovers"],
    queryFn: ({ signal }) => need(watch.handovers({}, signal)),
    refetchInterval: REFRESH_MS,
    enabled: screensOf(viewer.role).includes("handover"),
  });
}

/** What classes are called: the centre may have its own. */
export function useClassNames(): (id: string) => string {
  const { t, language } = useSpeech();
  const centre = useQuery(centreQuery);
  return (id) => {
    const own = centre.data?.classes.find((one) => one.id === id);
    return t.incidentClass[id] ?? (language === "en" ? own?.name_en : undefined) ?? own?.name ?? id;
  };
}

export function HandoverNotice() {
  const { t } = useSpeech();
  const viewer = useViewer();
  const handovers = useHandovers();
  const waiting = handovers.data?.filter((one) => waitsFor(one, viewer.id)).length ?? 0;
  if (waiting === 0) return null;
  return (
    <Link to="/handover" className="header-handover">
      {t.handover.header(waiting)}
    </Link>
  );
}
