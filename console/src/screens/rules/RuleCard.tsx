/** One rule in words: what, where, and its numbers. */
import { Button } from "antd";
import type { WrittenRule, Zone } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import type { Words } from "../../i18n/zh";
import { isAlways, ordered } from "./draft";

interface RuleCardProps {
  rule: WrittenRule;
  zones: Zone[];
  onTry: () => void;
}

/** A value of the site file as people say it. */
export function valueWords(t: Words, key: string, value: unknown): string {
  const list = (words: Record<string, string>) =>
    (Array.isArray(value) ? value : [value]).map((one) => words[String(one)] ?? String(one)).join(", ");
  if (typeof value === "boolean") return value ? t.rules.yes : t.rules.no;
  if (key === "schedule") return isAlways(value) ? t.rules.always : list({});
  if (key === "level") return list(t.rules.levels);
  if (key === "direction") return list(t.rules.directions);
  return key === "classes" ? list(t.objectClass) : list({});
}

export function RuleCard({ rule, zones, onTry }: RuleCardProps) {
  const { t } = useSpeech();
  const place = zones.find((zone) => zone.id === rule.rule.zone)?.name ?? rule.rule.zone ?? t.rules.whole;
  const numbers = ordered(rule.keys as Record<string, unknown>).filter(
    ([key]) => !["id", "kind", "zone", "shadow"].includes(key),
  );
  return (
    <article className="rule" data-rule={rule.rule.id} data-shadow={rule.is_shadow}>
      <div className="rule-head">
        <b>{t.incidentClass[rule.rule.class] ?? rule.rule.class}</b>
        <span>{place}</span>
        <code className="muted">{rule.rule.id}</code>
        {rule.is_shadow && (
          <span className="rule-shadow" title={t.rules.shadowHint}>
            {t.rules.shadow}
          </span>
        )}
        <span className="grow" />
        <Button size="small" onClick={onTry}>
          {t.rules.tryIt}
        </Button>
      </div>
      <dl className="rule-keys">
        {numbers.map(([key, value]) => (
          <div key={key}>
            <dt>{t.rules.keys[key] ?? key}</dt>
            <dd>{valueWords(t, key, value)}</dd>
          </div>
        ))}
      </dl>
    </article>
  );
}
