#include "native.h"

/* More than any store takes: the store says so, this only keeps a list within itself from being
 * followed for ever. */
enum { kDeepest = 32 };

static void* keep_block(Keeper* keeper, size_t bytes) {
    void** const blocks = PyMem_Realloc(keeper->blocks, (keeper->count + 1) * sizeof(void*));
    void* const block = blocks == NULL ? NULL : PyMem_Malloc(bytes == 0 ? 1 : bytes);
    if (blocks != NULL) keeper->blocks = blocks;
    if (block == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    keeper->blocks[keeper->count++] = block;
    return block;
}

static int keep_object(Keeper* keeper, PyObject* object) {
    if (keeper->kept == NULL) keeper->kept = PyList_New(0);
    return keeper->kept == NULL ? -1 : PyList_Append(keeper->kept, object);
}

void keeper_release(Keeper* keeper) {
    while (keeper->count > 0) PyMem_Free(keeper->blocks[--keeper->count]);
    PyMem_Free(keeper->blocks);
    Py_XDECREF(keeper->kept);
}

static int convert(PyObject* object, kigumi_value* value, Keeper* keeper, int depth);

static int convert_int(PyObject* object, kigumi_value* value) {
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow != 0) {
        raise_invalid("an int does not fit 64 signed bits; store it as text or bytes");
        return -1;
    }
    if (number == -1 && PyErr_Occurred()) return -1;
    *value = kigumi_value_int(number);
    return 0;
}

static int convert_buffer(PyObject* object, kigumi_value* value, Keeper* keeper) {
    PyObject* const bytes = PyBytes_FromObject(object);
    int status = -1;
    if (bytes == NULL) return -1;
    if (keep_object(keeper, bytes) == 0) {
        *value = kigumi_value_bytes(PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
        status = 0;
    }
    Py_DECREF(bytes);
    return status;
}

static int convert_sequence(PyObject* sequence, kigumi_value* value, Keeper* keeper, int depth) {
    const Py_ssize_t size = PySequence_Fast_GET_SIZE(sequence);
    kigumi_value* const items = keep_block(keeper, (size_t)size * sizeof(kigumi_value));
    Py_ssize_t i;
    if (items == NULL) return -1;
    for (i = 0; i < size; ++i)
        if (convert(PySequence_Fast_GET_ITEM(sequence, i), &items[i], keeper, depth + 1) != 0)
            return -1;
    *value = kigumi_value_array(items, (size_t)size);
    return 0;
}

static int convert_dict(PyObject* dict, kigumi_value* value, Keeper* keeper, int depth) {
    const Py_ssize_t size = PyDict_GET_SIZE(dict);
    kigumi_member* const members = keep_block(keeper, (size_t)size * sizeof(kigumi_member));
    PyObject* name = NULL;
    PyObject* item = NULL;
    Py_ssize_t at = 0;
    size_t count = 0;
    if (members == NULL) return -1;
    while (PyDict_Next(dict, &at, &name, &item)) {
        if (!PyUnicode_Check(name)) {
            PyErr_Format(PyExc_TypeError, "the keys of a dict in a value are str, not %.100s",
                         Py_TYPE(name)->tp_name);
            return -1;
        }
        if (slice_from_python(name, &members[count].name) != 0 ||
            convert(item, &members[count].value, keeper, depth + 1) != 0)
            return -1;
        ++count;
    }
    *value = kigumi_value_object(members, count);
    return 0;
}

static int convert(PyObject* object, kigumi_value* value, Keeper* keeper, int depth) {
    if (depth > kDeepest) {
        raise_invalid("value nests deeper than 16 levels; flatten it or store it as text");
        return -1;
    }
    if (PyUnicode_Check(object)) {
        *value = kigumi_value_nil();
        value->kind = KIGUMI_TEXT;
        return slice_from_python(object, &value->as.text);
    }
    if (PyBool_Check(object)) {
        *value = kigumi_value_bool(object == Py_True);
        return 0;
    }
    if (PyLong_Check(object)) return convert_int(object, value);
    if (PyFloat_Check(object)) {
        *value = kigumi_value_double(PyFloat_AS_DOUBLE(object));
        return 0;
    }
    if (object == Py_None) {
        *value = kigumi_value_nil();
        return 0;
    }
    if (PyBytes_Check(object)) {
        *value = kigumi_value_bytes(PyBytes_AS_STRING(object), (size_t)PyBytes_GET_SIZE(object));
        return 0;
    }
    if (PyList_Check(object) || PyTuple_Check(object))
        return convert_sequence(object, value, keeper, depth);
    if (PyDict_Check(object)) return convert_dict(object, value, keeper, depth);
    if (PyByteArray_Check(object) || PyMemoryView_Check(object))
        return convert_buffer(object, value, keeper);
    PyErr_Format(PyExc_TypeError,
                 "a value is None, bool, int, float, str, bytes, or a list or dict of values, not "
                 "%.100s",
                 Py_TYPE(object)->tp_name);
    return -1;
}

int value_from_python(PyObject* object, kigumi_value* value, Keeper* keeper) {
    return convert(object, value, keeper, 0);
}

static PyObject* array_to_python(const kigumi_value* value) {
    const size_t size = value->as.array.size;
    PyObject* const list = PyList_New((Py_ssize_t)size);
    size_t i;
    for (i = 0; list != NULL && i < size; ++i) {
        PyObject* const item = value_to_python(&value->as.array.items[i]);
        if (item == NULL) {
            Py_DECREF(list);
            return NULL;
        }
        PyList_SET_ITEM(list, (Py_ssize_t)i, item);
    }
    return list;
}

static PyObject* object_to_python(const kigumi_value* value) {
    PyObject* const dict = PyDict_New();
    size_t i;
    for (i = 0; dict != NULL && i < value->as.object.size; ++i) {
        const kigumi_member* const member = &value->as.object.members[i];
        PyObject* const name = name_to_python(member->name);
        PyObject* const item = name == NULL ? NULL : value_to_python(&member->value);
        const int stored = item == NULL ? -1 : PyDict_SetItem(dict, name, item);
        Py_XDECREF(name);
        Py_XDECREF(item);
        if (stored != 0) {
            Py_DECREF(dict);
            return NULL;
        }
    }
    return dict;
}

PyObject* value_to_python(const kigumi_value* value) {
    switch (value->kind) {
        case KIGUMI_BOOL:
            return PyBool_FromLong(value->as.boolean);
        case KIGUMI_INT:
            return PyLong_FromLongLong(value->as.integer);
        case KIGUMI_DOUBLE:
            return PyFloat_FromDouble(value->as.number);
        case KIGUMI_TEXT:
            return PyUnicode_DecodeUTF8(value->as.text.data, (Py_ssize_t)value->as.text.size,
                                        "replace");
        case KIGUMI_BYTES:
            return PyBytes_FromStringAndSize(value->as.bytes.data,
                                             (Py_ssize_t)value->as.bytes.size);
        case KIGUMI_ARRAY:
            return array_to_python(value);
        case KIGUMI_OBJECT:
            return object_to_python(value);
        case KIGUMI_ABSENT:
        case KIGUMI_NIL:
            break;
    }
    Py_RETURN_NONE;
}

int slice_from_python(PyObject* object, kigumi_slice* slice) {
    Py_ssize_t size = 0;
    if (PyUnicode_Check(object)) {
        slice->data = PyUnicode_AsUTF8AndSize(object, &size);
    } else if (PyBytes_Check(object)) {
        slice->data = PyBytes_AS_STRING(object);
        size = PyBytes_GET_SIZE(object);
    } else {
        PyErr_Format(PyExc_TypeError, "a name is str or bytes, not %.100s",
                     Py_TYPE(object)->tp_name);
        return -1;
    }
    slice->size = (size_t)size;
    return slice->data == NULL ? -1 : 0;
}

PyObject* name_to_python(kigumi_slice slice) {
    PyObject* const text = PyUnicode_DecodeUTF8(slice.data, (Py_ssize_t)slice.size, NULL);
    if (text != NULL || !PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) return text;
    PyErr_Clear();
    return PyBytes_FromStringAndSize(slice.data, (Py_ssize_t)slice.size);
}

int place_from_python(PyObject* key, PyObject* field, kigumi_place* place) {
    place->field.data = NULL;
    place->field.size = 0;
    if (slice_from_python(key, &place->key) != 0) return -1;
    return field == Py_None ? 0 : slice_from_python(field, &place->field);
}

PyObject* siblings_to_python(const kigumi_sibling* siblings, size_t count) {
    PyObject* const list = PyList_New((Py_ssize_t)count);
    size_t i;
    for (i = 0; list != NULL && i < count; ++i) {
        const kigumi_sibling* const one = &siblings[i];
        PyObject* const item = Py_BuildValue(
            "(y#KKNN)", (const char*)one->replica.bytes, (Py_ssize_t)sizeof one->replica.bytes,
            (unsigned long long)one->counter, (unsigned long long)one->time_ms,
            PyBool_FromLong(one->removed), value_to_python(&one->value));
        if (item == NULL) {
            Py_DECREF(list);
            return NULL;
        }
        PyList_SET_ITEM(list, (Py_ssize_t)i, item);
    }
    return list;
}
