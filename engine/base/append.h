#pragma once

// Lists in which everything stands once.

#include <algorithm>
#include <vector>

namespace kith {

template <class T>
bool contains(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Whether it was not there before.
template <class T>
bool append_once(std::vector<T>& list, const T& value) {
  if (contains(list, value)) return false;
  list.push_back(value);
  return true;
}

}  // namespace kith
