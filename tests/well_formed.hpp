// Is a drawing XML?
#pragma once

#include <algorithm>
#include <string>
#include <vector>

/// Every element that is opened is closed, in turn, and no bare & or < stands in text.
inline bool well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = 0; at < xml.size();) {
    const std::size_t next = xml.find_first_of("<&", at);
    if (next == std::string::npos) break;
    if (xml[next] == '&') {
      const std::size_t end = xml.find(';', next);
      if (end == std::string::npos || end - next > 6) return false;
      at = end + 1;
      continue;
    }
    const std::size_t end = xml.find('>', next);
    if (end == std::string::npos) return false;
    const std::string tag = xml.substr(next + 1, end - next - 1), name = tag.substr(0, tag.find(' '));
    if (name.empty() || xml.find('<', next + 1) < end) return false;
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) return false;
    if (name[0] == '/') {
      if (open.empty() || open.back() != name.substr(1)) return false;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
    at = end + 1;
  }
  return open.empty() && xml.rfind("<svg ", 0) == 0;
}
