import { Button } from "antd";
import { Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";

interface Props {
  missing: number;
  loading: boolean;
  error: unknown;
  onMore: () => void;
}

/** How many rows of a long list are not shown, and the way to them. */
export function MoreRows({ missing, loading, error, onMore }: Props) {
  const { t } = useSpeech();
  if (missing === 0) return null;
  return (
    <li className="more-rows" data-missing={missing}>
      <Button size="small" block loading={loading} onClick={onMore}>
        {t.incident.andMore(missing.toLocaleString("en"))}
      </Button>
      {error !== undefined && <Trouble title={t.incident.failed} error={error} />}
    </li>
  );
}
