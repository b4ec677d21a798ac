# Writes the parts of the page into a header, as raw literals of C++. The scripts become one, in an
# order in which each comes before those that use it.
cmake_minimum_required(VERSION 3.22)
set(header "#pragma once\n\n#include <string_view>\n")

function(embed name)
  set(whole)
  foreach(file IN LISTS ARGN)
    file(READ ${KITH_PAGE}/${file} text)
    string(APPEND whole "${text}")
  endforeach()
  string(FIND "${whole}" ")kith\"" end_of_literal)
  if(NOT end_of_literal EQUAL -1)
    message(FATAL_ERROR "${ARGN}: this ends a literal: )kith\"")
  endif()
  set(header "${header}\ninline constexpr std::string_view ${name} = R\"kith(${whole})kith\";\n"
      PARENT_SCOPE)
endfunction()

embed(kPageText page.html)
embed(kPageStyle page.css)
embed(kPageScript model.js draw.js timeline.js charts.js histograms.js topology.js main.js)
file(WRITE ${KITH_HEADER} "${header}")
