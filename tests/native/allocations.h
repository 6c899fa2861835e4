// Counts heap allocations of the program. Link with the --wrap options of CMakeLists.txt.
#pragma once

namespace test {

long allocations();

}  // namespace test
