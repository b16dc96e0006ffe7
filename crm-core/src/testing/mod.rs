//! For the tests of an embedding application.
