/** The field in a page's head that narrows the list below it. */
import { SearchOutlined } from "@ant-design/icons";
import { Input } from "antd";
import "./pageSearch.css";

interface PageSearchProps {
  words: string;
  label: string;
  onChange: (words: string) => void;
}

export function PageSearch({ words, label, onChange }: PageSearchProps) {
  return (
    <Input
      allowClear
      prefix={<SearchOutlined />}
      className="page-search"
      value={words}
      placeholder={label}
      aria-label={label}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
