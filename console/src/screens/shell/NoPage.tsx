import { Result } from "antd";
import { Link } from "react-router";
import { useSpeech } from "../../i18n/context";

export function NoPage() {
  const { t } = useSpeech();
  return <Result status="404" title={t.error.noPage} extra={<Link to="/">{t.error.home}</Link>} />;
}
