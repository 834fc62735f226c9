/** The keys of one rule as fields. Which there are is what the rule's kind has; the gateway checks what is written. */
import { Input, InputNumber, Select, Switch } from "antd";
import type { CameraRules } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { type Keys, ordered } from "./draft";

interface RuleFormProps {
  keys: Keys;
  rules: CameraRules;
  onChange: (keys: Keys) => void;
}

export function RuleForm({ keys, rules, onChange }: RuleFormProps) {
  const { t } = useSpeech();
  const set = (key: string, value: unknown) => onChange({ ...keys, [key]: value });
  const named = (words: Record<string, string>) =>
    Object.entries(words).map(([value, label]) => ({ value, label }));
  const choice = (key: string, value: unknown, options: { value: string; label: string }[]) => (
    <Select
      value={String(value ?? "")}
      onChange={(chosen) => set(key, chosen === "" ? undefined : chosen)}
      options={options}
      aria-label={t.rules.keys[key] ?? key}
    />
  );
  const places = rules.zones.map((zone) => ({ value: zone.id, label: zone.name }));
  const lines = rules.lines.map((line) => ({ value: line.id, label: line.name }));

  function field(key: string, value: unknown) {
    if (key === "id" || key === "kind") {
      const word = key === "kind" ? (t.incidentClass[String(value)] ?? String(value)) : String(value);
      return <span>{word}</span>;
    }
    if (key === "zone") return choice(key, value, [{ value: "", label: t.rules.whole }, ...places]);
    if (key === "line") return choice(key, value, lines);
    if (key === "level") return choice(key, value, named(t.rules.levels));
    if (key === "direction") return choice(key, value, named(t.rules.directions));
    if (key === "classes")
      return (
        <Select
          mode="multiple"
          value={Array.isArray(value) ? value.map(String) : []}
          onChange={(chosen) => set(key, chosen)}
          options={named(t.objectClass)}
          aria-label={t.rules.keys[key] ?? key}
        />
      );
    if (key === "schedule" || key === "heading") {
      const words = Array.isArray(value) ? value.join(", ") : "";
      const read = (text: string) => {
        const parts = text.split(",").map((part) => part.trim());
        return key === "heading" ? parts.map(Number) : parts.filter((part) => part !== "");
      };
      return <Input defaultValue={words} onBlur={(event) => set(key, read(event.target.value))} />;
    }
    if (typeof value === "boolean")
      return <Switch size="small" checked={value} onChange={(next) => set(key, next)} />;
    if (typeof value === "number")
      return (
        <InputNumber
          value={value}
          step={Number.isInteger(value) && key !== "least_score" ? 1 : 0.05}
          onChange={(next) => set(key, next ?? value)}
        />
      );
    return <Input value={String(value ?? "")} onChange={(event) => set(key, event.target.value)} />;
  }

  const shown: Keys = "zone" in keys || "line" in keys ? keys : { ...keys, zone: undefined };
  return (
    <div className="rule-form">
      {ordered(shown)
        .filter(([key]) => key !== "shadow")
        .map(([key, value]) => (
          <label key={key}>
            <span>{t.rules.keys[key] ?? key}</span>
            {field(key, value)}
          </label>
        ))}
    </div>
  );
}
