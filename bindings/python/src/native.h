#ifndef KIGUMI_PYTHON_NATIVE_H
#define KIGUMI_PYTHON_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <kigumi.h>

/* The handles of kigumi.h as Python objects, and values between both worlds. Everything that people
 * see is built on these in Python.
 *
 * The interpreter's lock is released around what may wait or take long. Meanwhile another thread
 * may come along with the same object, which kigumi.h forbids for transactions: `busy` finds that
 * out. */

typedef struct {
    PyObject_HEAD kigumi_store* handle; /* NULL: closed */
    Py_ssize_t calls;                   /* under way without the interpreter's lock */
} Store;

typedef struct {
    PyObject_HEAD kigumi_txn* handle;
    Store* store;
    int busy;
} Transaction;

typedef struct {
    PyObject_HEAD kigumi_cursor* handle;
    PyObject* owner; /* a transaction, or a store */
    PyObject* (*show)(const kigumi_entry* entry);
} Cursor;

typedef struct {
    PyObject_HEAD kigumi_watch* handle;
    Store* store;
    int busy;
} Watch;

typedef struct {
    PyObject_HEAD kigumi_node* handle;
    Store* store;
    PyObject* log;
    int calls; /* that go on without the interpreter's lock */
} Node;

typedef struct {
    PyObject_HEAD kigumi_token* handle;
} Token;

extern PyTypeObject StoreType;
extern PyTypeObject TransactionType;
extern PyTypeObject CursorType;
extern PyTypeObject WatchType;
extern PyTypeObject NodeType;
extern PyTypeObject TokenType;

/* Raises the exception of a status, with the message of the last error; returns NULL. */
PyObject* raise_status(kigumi_status status);
/* Raises InvalidArgumentError; returns NULL. */
PyObject* raise_invalid(const char* message);

/* What a value that is built of Python objects lives on, until the call is over. */
typedef struct {
    void** blocks;
    size_t count;
    PyObject* kept;
} Keeper;

void keeper_release(Keeper* keeper);
/* 0, or -1 with an exception. */
int value_from_python(PyObject* object, kigumi_value* value, Keeper* keeper);
PyObject* value_to_python(const kigumi_value* value);
/* From str or bytes; 0, or -1 with an exception. */
int slice_from_python(PyObject* object, kigumi_slice* slice);
/* A str, or bytes if it is not UTF-8. */
PyObject* name_to_python(kigumi_slice slice);
/* `field` may be None. */
int place_from_python(PyObject* key, PyObject* field, kigumi_place* place);
PyObject* siblings_to_python(const kigumi_sibling* siblings, size_t count);

/* 0, or -1 with an exception: the store is closed. */
int store_check(Store* store);
/* A transaction of the store that has not begun yet; NULL with an exception. */
Transaction* transaction_make(Store* store);
/* A cursor of what `opened` gave; it closes it if there is no memory. */
PyObject* cursor_make(kigumi_cursor* handle, PyObject* owner,
                      PyObject* (*show)(const kigumi_entry* entry));
PyObject* show_key(const kigumi_entry* entry);
PyObject* show_member(const kigumi_entry* entry);
PyObject* show_field(const kigumi_entry* entry);
PyObject* show_conflict(const kigumi_entry* entry);
PyObject* show_name(const kigumi_entry* entry);

/* Functions of the store that stand in files of their own. */
PyObject* store_export(Store* self, PyObject* args);
PyObject* store_import(Store* self, PyObject* args);
PyObject* module_inspect(PyObject* module, PyObject* args);
PyObject* module_generate_key(PyObject* module, PyObject* args);
PyObject* store_check_rows(Store* self, PyObject* args);
PyObject* store_node(Store* self, PyObject* args);
PyObject* store_watch(Store* self, PyObject* args);
PyObject* store_begin_at_least(Store* self, PyObject* args);
PyObject* store_wait(Store* self, PyObject* args);
PyObject* store_confirmed(Store* self, PyObject* args);

#endif
