/** How components reach the model, and the part of it they show. */
import { createContext, useContext } from 'react'
import { type StoreApi, useStore } from 'zustand'
import type { Model } from '../model'

const ModelContext = createContext<Model | null>(null)

export const ModelProvider = ModelContext.Provider

export function useModel(): Model {
  const model = useContext(ModelContext)
  if (model === null) throw new TypeError('a component of the page stands outside its ModelProvider')
  return model
}

/** A part of one of the model's stores; the component is drawn again only when that part changes. */
export function useModelStore<S, T>(store: (model: Model) => StoreApi<S>, select: (state: S) => T): T {
  return useStore(store(useModel()), select)
}
