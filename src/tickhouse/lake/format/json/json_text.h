// JSON put together in one string, no insignificant space.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace tickhouse::lake {

/// The caller keeps begin and end in pairs. Bytes that are no UTF-8 become U+FFFD: what is written
/// can be read.
class JsonText {
 public:
  void BeginObject() { Begin('{'); }
  void EndObject() { End('}'); }
  void BeginArray() { Begin('['); }
  void EndArray() { End(']'); }
  void Key(std::string_view name);

  void String(std::string_view value);
  void Number(int64_t value);
  void Bool(bool value) { Raw(value ? "true" : "false"); }
  /// JSON already.
  void Raw(std::string_view json) {
    Separate();
    text_ += json;
  }

  template <typename T>
  void Value(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      Bool(value);
    } else if constexpr (std::is_integral_v<T>) {
      Number(value);
    } else {
      String(value);
    }
  }
  template <typename T>
  void Member(std::string_view name, const T& value) {
    Key(name);
    Value(value);
  }
  /// Nothing when there is none.
  template <typename T>
  void Member(std::string_view name, const std::optional<T>& value) {
    if (value) Member(name, *value);
  }
  void Member(std::string_view name, const std::map<std::string, std::string>& values);
  template <typename Range>
  void ArrayMember(std::string_view name, const Range& values) {
    Key(name);
    BeginArray();
    for (const auto& value : values) Value(value);
    EndArray();
  }
  /// The members of an object's text, each after the last; nothing for "".
  void MembersOf(std::string_view object_text);

  /// Empty again, its memory kept.
  void Clear() {
    text_.clear();
    first_ = true;
  }
  std::string* text() { return &text_; }
  /// What is appended to text() is a value.
  void Separate() {
    if (!first_) text_ += ',';
    first_ = false;
  }
  std::string Take() && { return std::move(text_); }

 private:
  void Begin(char c) {
    Separate();
    text_ += c;
    first_ = true;
  }
  void End(char c) {
    text_ += c;
    first_ = false;
  }

  std::string text_;
  bool first_ = true;
};

/// With its quotes.
void AppendJsonString(std::string_view value, std::string* text);

}  // namespace tickhouse::lake
