/** Names of units and classes as the site calls them. */
import { useQuery } from "@tanstack/react-query";
import { centreQuery } from "../../api/centre";
import { useSpeech } from "../../i18n/context";

export function useCentre() {
  const { t, language } = useSpeech();
  const centre = useQuery(centreQuery);
  const classes = centre.data?.classes ?? [];
  const units = centre.data?.units ?? [];
  return {
    classes,
    isLoading: centre.isPending,
    unitKind: (id: string) => units.find((unit) => unit.id === id)?.kind,
    unitName: (id: string) => units.find((unit) => unit.id === id)?.name ?? id,
    className: (id: string) => {
      const known = classes.find((one) => one.id === id);
      return (language === "zh" ? known?.name : known?.name_en) ?? t.incidentClass[id] ?? id;
    },
  };
}
