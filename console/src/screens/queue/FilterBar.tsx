/** What of the queue is wanted: every filter that the gateway knows. */
import { ClearOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import type { CentreNames } from "../../actions/useCentre";
import { useSpeech } from "../../i18n/context";
import { isFiltered, NO_FILTER, type QueueFilter } from "../../queue/filter";

interface Props {
  filter: QueueFilter;
  closed: boolean;
  names: CentreNames;
  onFilter: (filter: QueueFilter) => void;
}

const OPEN_STATES = [
  "new",
  "claimed",
  "assessed",
  "dispatched",
  "signed",
  "handling",
  "done",
  "verified",
  "shelved",
];
const PAST_STATES = ["closed", "revisited", "rejected", "merged"];

interface Option {
  value: string;
  label: string;
}

export function FilterBar({ filter, closed, names, onFilter }: Props) {
  const { t } = useSpeech();
  const set = (change: Partial<QueueFilter>) => onFilter({ ...filter, ...change });
  const words = t.desk.filter;

  const many = (name: "level" | "stage" | "class" | "source", options: Option[]) => (
    <Select
      mode="multiple"
      allowClear
      className="filter"
      maxTagCount="responsive"
      placeholder={words[name]}
      aria-label={words[name]}
      value={[...filter[name]]}
      options={options}
      showSearch={{ optionFilterProp: "label" }}
      popupMatchSelectWidth={false}
      onChange={(chosen: string[]) => set({ [name]: chosen })}
    />
  );
  const one = (name: "area" | "unit", options: Option[]) => (
    <Select
      allowClear
      className="filter"
      placeholder={words[name]}
      aria-label={words[name]}
      value={filter[name]}
      options={options}
      showSearch={{ optionFilterProp: "label" }}
      popupMatchSelectWidth={false}
      onChange={(chosen: string | undefined) => set({ [name]: chosen })}
    />
  );
  const flag = (name: "mine" | "overdue") => (
    <button
      type="button"
      className={filter[name] ? "flag flag-on" : "flag"}
      aria-pressed={filter[name]}
      data-flag={name}
      onClick={() => set({ [name]: !filter[name] })}
    >
      {words[name]} <kbd>{name === "mine" ? "Y" : "E"}</kbd>
    </button>
  );
  const states = (closed ? PAST_STATES : OPEN_STATES).map((value) => ({
    value,
    label: t.state[value] ?? value,
  }));
  return (
    <div className="filters" data-testid="filters">
      {many(
        "level",
        ["1", "2", "3", "4"].map((value) => ({ value, label: t.level[Number(value)] ?? value })),
      )}
      {many("stage", states)}
      {many(
        "class",
        names.centre.classes.map(({ id }) => ({ value: id, label: names.classOf(id) })),
      )}
      {many(
        "source",
        Object.entries(t.desk.source).map(([value, label]) => ({ value, label })),
      )}
      {one(
        "area",
        names.areas.map(({ id, name }) => ({ value: id, label: name })),
      )}
      {names.centre.units.length > 0 &&
        one(
          "unit",
          names.centre.units.map(({ id, name }) => ({ value: id, label: name })),
        )}
      {flag("mine")}
      {!closed && flag("overdue")}
      {isFiltered(filter) && (
        <Button type="text" icon={<ClearOutlined />} onClick={() => onFilter(NO_FILTER)}>
          {words.clear} <kbd>0</kbd>
        </Button>
      )}
    </div>
  );
}
