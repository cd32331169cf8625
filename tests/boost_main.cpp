#define BOOST_TEST_MODULE plumbline
#include <boost/test/unit_test.hpp>
